export { webVitals } from './capture/web-vitals.ts'
