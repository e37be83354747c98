import { attach } from '../sources/attach.ts'
import { cookiebot } from '../sources/cookiebot.ts'

attach(cookiebot)
