import { benchLists } from './list.ts'

/** `npm run bench -- content` */
export async function run(): Promise<void> {
  await benchLists()
}
