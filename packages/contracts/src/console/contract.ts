import type { ServiceContract } from '../service.ts'
import {
  getConsoleAsset,
  getConsolePage,
  getMail,
  getMailHtml,
  getTrace,
  listDependencies,
  listMails,
  listOperations,
  listReplicas,
  listServiceOperations,
  listTracedServices,
  searchTraces,
} from './console.ts'

export const consoleContract: ServiceContract = {
  name: 'console',
  version: '1.0.0',
  description: 'What operators see: who is out there, traces, mails',
  operations: [
    getConsolePage,
    getConsoleAsset,
    listReplicas,
    listMails,
    getMail,
    getMailHtml,
    searchTraces,
    getTrace,
    listTracedServices,
    listServiceOperations,
    listOperations,
    listDependencies,
  ],
  emits: [],
  broadcasts: [],
  listensTo: [],
}
