import { attach } from '../sources/attach.ts'
import { klaro } from '../sources/klaro.ts'

attach(klaro)
