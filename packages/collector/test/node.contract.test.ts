import { startNode } from '../../../test/setup/platforms.ts'
import { collectorContract } from './collector.contract.ts'

collectorContract('Node', (database_url) => startNode({ database_url }))
