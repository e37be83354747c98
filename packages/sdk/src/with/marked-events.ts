import { markedEvents } from '../capture/marked-events.ts'
import { notice } from './notice.ts'

notice(markedEvents())
