import { apiCalls } from '../capture/api-calls.ts'
import { counted } from './counted.ts'
import { notice } from './notice.ts'

notice(apiCalls(counted()))
