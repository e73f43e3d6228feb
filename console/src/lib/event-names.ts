/** Names of event types and reason codes: the product's own texts, so that they exist once. */
import enErrors from '@locales/en-US/errors.json'
import enEvents from '@locales/en-US/events.json'
import zhErrors from '@locales/zh-CN/errors.json'
import zhEvents from '@locales/zh-CN/events.json'
import type { Language } from './language'

type Texts = Record<string, string>
type Events = Record<string, { title: string }>

const EVENTS: Record<Language, Events> = { zh: zhEvents, en: enEvents }
const ERRORS: Record<Language, Texts> = { zh: zhErrors, en: enErrors }

/** "cart_added" as people say it; an unknown type keeps its name. */
export const eventName = (type: string, language: Language): string =>
  EVENTS[language][type]?.title ?? type

/** Why something was refused; an unknown code keeps its name. */
export const reasonText = (code: string, language: Language): string =>
  ERRORS[language][`rejected.${code}`] ?? ERRORS[language][code] ?? code
