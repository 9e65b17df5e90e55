export * from './console.ts'
export * from './contract.ts'
export * from './problems.ts'
export * from './schemas.ts'
