import { attach } from '../sources/attach.ts'
import { axeptio } from '../sources/axeptio.ts'

attach(axeptio)
