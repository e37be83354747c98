import { jsErrors } from '../capture/js-errors.ts'
import { notice } from './notice.ts'

notice(jsErrors())
