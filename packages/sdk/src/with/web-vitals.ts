import { webVitals } from '../capture/web-vitals.ts'
import { notice } from './notice.ts'

notice(webVitals())
