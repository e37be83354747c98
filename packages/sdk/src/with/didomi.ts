import { attach } from '../sources/attach.ts'
import { didomi } from '../sources/didomi.ts'

attach(didomi)
