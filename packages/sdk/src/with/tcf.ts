import { attach } from '../sources/attach.ts'
import { tcf } from '../sources/tcf.ts'

attach(tcf)
