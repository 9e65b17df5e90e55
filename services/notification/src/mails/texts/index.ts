import type { Language } from '../template.ts'
import { de } from './de.ts'
import { en } from './en.ts'

const languages: Record<string, Language> = { de, en }

/** The language of a locale: `de-AT` reads German, what nobody translated English. */
export const languageOf = (locale: string): Language => languages[locale.slice(0, 2).toLowerCase()] ?? en
