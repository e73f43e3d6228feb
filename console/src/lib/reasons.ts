/** What a code of the server says: the product's own texts, so that they exist once. */
import enErrors from '@locales/en-US/errors.json'
import enIngest from '@locales/en-US/ingest.json'
import enProblems from '@locales/en-US/problems.json'
import zhErrors from '@locales/zh-CN/errors.json'
import zhIngest from '@locales/zh-CN/ingest.json'
import zhProblems from '@locales/zh-CN/problems.json'
import enSheets from '@locales/en-US/sheets.json'
import zhSheets from '@locales/zh-CN/sheets.json'
import enVerdicts from '@locales/en-US/verdicts.json'
import zhVerdicts from '@locales/zh-CN/verdicts.json'
import type { Language } from './language'

type Texts = Record<string, string>

const REASONS: Record<Language, Texts> = {
  zh: { ...zhErrors, ...zhIngest },
  en: { ...enErrors, ...enIngest },
}
const PROBLEMS: Record<Language, Texts> = { zh: zhProblems, en: enProblems }
/** Texts of these codes need the server's own words below them: which field, which name. */
const NOT_WHOLE = 'input.fields'

/** Why an event or a whole post was refused; an unknown code keeps its name. */
export function reasonText(code: string, language: Language): string {
  const texts = REASONS[language]
  return texts[`rejected.${code}`] ?? texts[`code.${code}`] ?? texts[code] ?? code
}

/** What a problem of `/api` says, where its code has words; `isWhole` where they say all there is to say. */
export function problemText(code: string, language: Language): { text: string; isWhole: boolean } | undefined {
  const own = PROBLEMS[language][code]
  const text = own ?? REASONS[language][code]
  return text === undefined ? undefined : { text, isWhole: own !== undefined && code !== NOT_WHOLE }
}

/** What may be unknown, as the server calls it: the key of `problem.kind`. */
export const NAME_KINDS = {
  event: 'event',
  field: 'field',
  tag: 'tag',
  segment: 'segment',
  list: 'list',
  'event or word': 'word',
  'tag or segment': 'level',
} as const

const SHEETS: Record<Language, { reasons: Texts; todo: Texts }> = { zh: zhSheets, en: enSheets }

/** What is wrong with a row of a table, and what to do about it. */
export function sheetText(code: string, language: Language): { what: string; todo: string } {
  const { reasons, todo } = SHEETS[language]
  return { what: reasons[code] ?? reasonText(code, language), todo: todo[code] ?? '' }
}

const VERDICTS: Record<Language, Texts> = { zh: zhVerdicts, en: enVerdicts }

/** Why a message did not go out; codes of another system are told by whose they are: `http_404`. */
export function verdictText(code: string, language: Language): string {
  const texts = VERDICTS[language]
  const [, whose = '', number = ''] = /^([a-z]+_)(-?\d+)$/.exec(code) ?? []
  return texts[code] ?? texts[whose]?.replace('{code}', number) ?? code
}
