import { attach } from '../sources/attach.ts'
import { onetrust } from '../sources/onetrust.ts'

attach(onetrust)
