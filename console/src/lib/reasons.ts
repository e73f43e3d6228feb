/** Why something was refused: the product's own texts, so that they exist once. */
import en from '@locales/en-US/errors.json'
import zh from '@locales/zh-CN/errors.json'
import type { Language } from './language'

const TEXTS: Record<Language, Record<string, string>> = { zh, en }

/** The reason behind a code; an unknown code keeps its name. */
export function reasonText(code: string, language: Language): string {
  const texts = TEXTS[language]
  return texts[`rejected.${code}`] ?? texts[`refused.${code}`] ?? texts[code] ?? code
}
