/** Traits and their values as people say them: the product's own texts, so that they exist once. */
import enLanguage from '@locales/en-US/language.json'
import enValues from '@locales/en-US/values.json'
import zhLanguage from '@locales/zh-CN/language.json'
import zhValues from '@locales/zh-CN/values.json'
import type { Language } from './language'

type Texts = Record<string, string>
const VALUES: Record<Language, Texts> = { zh: zhValues, en: enValues }
const NAMES: Record<Language, Texts> = { zh: zhLanguage, en: enLanguage }
const LOVED = /^loved_/ // what a viewer turns to: the values are those of the dimension

export interface Word {
  value: string
  label: string
}

/** A trait as people call it; one of the shop's own keeps its name. */
export const traitName = (trait: string, language: Language): string => NAMES[language][`trait.${trait}`] ?? trait

/** The values of a trait that have words; none of a number or of one of the shop's own. */
export function valuesOf(trait: string, language: Language): Word[] {
  const before = `${trait.replace(LOVED, '')}.`
  return Object.entries(VALUES[language])
    .filter(([key]) => key.startsWith(before))
    .map(([key, label]) => ({ value: key.slice(before.length), label }))
}
