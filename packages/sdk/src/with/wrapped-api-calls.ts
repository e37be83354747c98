import { wrappedApiCalls } from '../capture/wrapped-api-calls.ts'
import { counted } from './counted.ts'
import { notice } from './notice.ts'

notice(wrappedApiCalls(counted()))
