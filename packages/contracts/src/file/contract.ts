import { defineBroadcast } from '../event.ts'
import { CachePurge, cachePurgeSubject } from '../purge.ts'
import type { ServiceContract } from '../service.ts'
import { FileChanged, FileCreated, FileDeleted } from './events.ts'
import {
  changeFile,
  deleteFile,
  getFile,
  getFileContent,
  getFileImage,
  getUsage,
  listFiles,
  uploadFile,
} from './files.ts'

export const FileCachePurged = defineBroadcast(cachePurgeSubject('file'), CachePurge, {
  description: 'Answers about these files changed',
})

export const fileContract: ServiceContract = {
  name: 'file',
  version: '1.0.0',
  description: 'Files: bytes stored once, metadata, ranges and images',
  operations: [uploadFile, listFiles, getFile, changeFile, deleteFile, getFileContent, getFileImage, getUsage],
  emits: [FileCreated, FileChanged, FileDeleted],
  broadcasts: [FileCachePurged],
  listensTo: ['user.account'],
}
