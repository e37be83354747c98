import { attach } from '../sources/attach.ts'
import { gpp } from '../sources/gpp.ts'

attach(gpp)
