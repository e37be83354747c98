import { startWorkerd } from '../../../test/setup/platforms.ts'
import { collectorContract } from './collector.contract.ts'

collectorContract('workerd', (database_url) => startWorkerd({ database_url }))
