import { startWorkerd } from '../../../test/setup/platforms.ts'
import { placementContract } from './placement.contract.ts'

placementContract('workerd', startWorkerd)
