import { attach } from '../sources/attach.ts'
import { tarteaucitron } from '../sources/tarteaucitron.ts'

attach(tarteaucitron)
