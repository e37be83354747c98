import { attach } from '../sources/attach.ts'
import { googleConsentMode } from '../sources/google-consent-mode.ts'

attach(googleConsentMode)
