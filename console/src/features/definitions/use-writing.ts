import { useCallback, useEffect, useRef, useState } from 'react'
import type { RuleGroupType } from 'react-querybuilder'
import type { DefinitionDetail } from '@/api/types'
import { type Language, useLanguage, useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { useUndo } from '@/lib/use-undo'
import { nothing, rowsOf, treeOf } from './conditions'
import { useChange, useDefinitions, useUnderstood, type Draft, type Written } from './definitions-api'
import { keyFor, type PageKind } from './places'

type Mode = 'rows' | 'text'
interface Body {
  mode: Mode
  rows: RuleGroupType
  text: string
}

const CHECK_MS = 250
const SAVE_MS = 1_000
const AGAIN = /\bagain after\b/ // the tree is of the condition alone: rows would lose it

function begun(definition: DefinitionDetail | null): Body {
  const text = (definition?.draft ?? definition?.now)?.text ?? ''
  const rows = definition?.tree && !AGAIN.test(text) ? rowsOf(definition.tree) : undefined
  if (definition && !rows) return { mode: 'text', rows: nothing(), text }
  return { mode: 'rows', rows: rows ?? nothing(), text }
}

/** What is being written: understood as it changes, kept as a draft when it stands still. */
export function useWriting(kind: PageKind, definition: DefinitionDetail | null) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const newest = definition?.draft ?? definition?.now
  const [title, setTitle] = useState(newest?.title[language] ?? definition?.names[language] ?? '')
  const [meaning, setMeaning] = useState(newest?.meaning[language] ?? definition?.meaning[language] ?? '')
  const body = useUndo<Body>(begun(definition))
  const { mode, rows, text } = body.value

  const taken = new Set((useDefinitions(kind).data ?? []).map((one) => one.key))
  const [ownKey, setOwnKey] = useState(definition?.key ?? null)
  const key = ownKey ?? keyFor(title, taken)
  const place = { kind, key }

  const tree = mode === 'rows' ? treeOf(rows) : undefined
  const written: Written | null =
    mode === 'rows' ? (tree ? { kind, key, tree } : null) : text.trim() ? { kind, key, text } : null
  const settled = useDebounced(written, CHECK_MS)
  const understood = useUnderstood(settled)
  const found = settled === null ? undefined : understood.data

  // A draft is kept in the words of the language, as the server says them.
  const said = mode === 'text' ? text : (found?.text ?? '')
  const draft: Draft = { text: said, title: spoken(newest?.title, language, title), meaning: spoken(newest?.meaning, language, meaning) }
  const waiting = useDebounced(draft, SAVE_MS)
  const { mutateAsync } = useChange()
  const [saved, setSaved] = useState<string | null>(null)
  const [problem, setProblem] = useState<unknown>(null)
  const first = useRef(JSON.stringify(draft))

  const keep = useCallback(
    async (one: Draft) => {
      if (one.text === '' || title.trim() === '') return
      setOwnKey(key)
      try {
        await mutateAsync({ kind, key, step: 'draft', draft: one })
        setSaved(JSON.stringify(one))
        setProblem(null)
      } catch (raised) {
        setProblem(raised)
        throw raised
      }
    },
    [kind, key, title, mutateAsync],
  )
  const waitingText = JSON.stringify(waiting)
  useEffect(() => {
    if (waitingText === first.current || waitingText === saved) return
    keep(JSON.parse(waitingText) as Draft).catch(() => undefined) // it is shown
  }, [waitingText, saved, keep])

  const setMode = (next: Mode) => {
    if (next === 'text') body.set({ mode: 'text', rows, text: found?.text ?? text })
    else if (found?.tree) body.set({ mode: 'rows', rows: rowsOf(found.tree) ?? rows, text })
    else body.set({ mode: 'rows', rows, text })
  }
  return {
    place,
    title,
    setTitle,
    meaning,
    setMeaning,
    mode,
    setMode,
    rows,
    setRows: (next: RuleGroupType) => body.set({ mode, rows: next, text }),
    text,
    setText: (next: string) => body.set({ mode, rows, text: next }),
    undo: body.undo,
    redo: body.redo,
    understood: found,
    hasRows: mode === 'rows' || text.trim() === '' || (found?.tree ? rowsOf(found.tree) !== undefined : false),
    savedAs: saved === null ? '' : t(saved === JSON.stringify(draft) ? 'definitions.saved' : 'definitions.saving'),
    problem,
    save: () => keep(draft),
  }
}

export type Writing = ReturnType<typeof useWriting>

function spoken(before: Draft['title'] | undefined, language: Language, text: string): Draft['title'] {
  return text.trim() === '' ? { ...before } : { ...before, [language]: text.trim() }
}
