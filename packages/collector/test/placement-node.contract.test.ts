import { startNode } from '../../../test/setup/platforms.ts'
import { placementContract } from './placement.contract.ts'

placementContract('Node', startNode)
