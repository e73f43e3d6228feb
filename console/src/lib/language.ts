/** The two languages of the console, and which one this browser shows. */
import i18next from 'i18next'
import { useCallback } from 'react'
import { initReactI18next, useTranslation } from 'react-i18next'
import type { Words } from '@/api/types'
import enUS from '@/locales/en-US.json'
import zhCN from '@/locales/zh-CN.json'
import { remember, remembered } from './remembered'

export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

/** The keys of all texts: one flat union, which the compiler makes once and looks keys up in. */
type KeyOf<Node> = {
  [Name in keyof Node & string]: Node[Name] extends string ? Name : `${Name}.${KeyOf<Node[Name]>}`
}[keyof Node & string]
export type TextKey = KeyOf<typeof zhCN>

/**
 * The text of a key with its places filled in. i18next's own type parses every key anew at every
 * call, and the compiler gives up on it when the texts grow.
 */
export type Say = (key: TextKey, places?: Record<string, string | number>) => string

const TAGS: Record<Language, string> = { zh: 'zh-CN', en: 'en-US' }

function preferred(): Language {
  const stored = remembered('language')
  if (stored === 'zh' || stored === 'en') return stored
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2))
  return spoken.find((tag): tag is Language => tag === 'zh' || tag === 'en') ?? 'zh'
}

export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: { zh: { translation: zhCN }, en: { translation: enUS } },
    lng: preferred(),
    fallbackLng: 'zh',
    interpolation: { escapeValue: false }, // React escapes
  })
  mark(i18next.language as Language)
}

function mark(language: Language): void {
  document.documentElement.lang = TAGS[language]
  document.title = i18next.t('app.name')
}

/** The texts in the language of the reader. */
export function useTexts(): { t: Say } {
  const { t } = useTranslation()
  return { t: t as Say }
}

export function useLanguage() {
  const { i18n } = useTranslation()
  const language = i18n.language as Language
  const choose = useCallback(
    (next: Language) => {
      remember('language', next)
      void i18n.changeLanguage(next).then(() => mark(next))
    },
    [i18n],
  )
  const words = useCallback((text: Words) => text[language], [language])
  return { language, tag: TAGS[language], choose, words }
}
