import { useCallback, useEffect, useRef, useState } from 'react'
import type { RuleGroupType } from 'react-querybuilder'
import type { DefinitionDetail, Tree } from '@/api/types'
import { type Language, useLanguage, useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { useUndo } from '@/lib/use-undo'
import { nothing, rowsOf, treeOf } from './conditions'
import { useChange, useDefinitions, useUnderstood, type Draft, type Written } from './definitions-api'
import { measured, measureOf, numberTree, type Measure } from './measures'
import { keyFor, type PageKind } from './places'

/** As conditions, as a number that is measured, or as text. */
type Mode = 'rows' | 'number' | 'text'
interface Body {
  mode: Mode
  rows: RuleGroupType
  measure: Measure
  text: string
}

const CHECK_MS = 250
const SAVE_MS = 1_000
const AGAIN = /\bagain after\b/ // the tree is of the condition alone: rows would lose it

function begun(definition: DefinitionDetail | null): Body {
  const text = (definition?.draft ?? definition?.now)?.text ?? ''
  const empty = { rows: nothing(), measure: measureOf('count'), text }
  const measure = definition?.tree ? measured(definition.tree) : undefined
  if (measure) return { ...empty, mode: 'number', measure }
  const rows = definition?.tree && !AGAIN.test(text) ? rowsOf(definition.tree) : undefined
  if (definition && !rows) return { ...empty, mode: 'text' }
  return { ...empty, mode: 'rows', rows: rows ?? nothing() }
}

/** What is being written: understood as it changes, kept as a draft when it stands still. */
export function useWriting(kind: PageKind, definition: DefinitionDetail | null) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const newest = definition?.draft ?? definition?.now
  const [title, setTitle] = useState(newest?.title[language] ?? definition?.names[language] ?? '')
  const [meaning, setMeaning] = useState(newest?.meaning[language] ?? definition?.meaning[language] ?? '')
  const body = useUndo<Body>(begun(definition))
  const { mode, rows, measure, text } = body.value

  const taken = new Set((useDefinitions(kind).data ?? []).map((one) => one.key))
  const [ownKey, setOwnKey] = useState(definition?.key ?? null)
  const key = ownKey ?? keyFor(title, taken)
  const place = { kind, key }

  const tree = mode === 'rows' ? treeOf(rows) : mode === 'number' ? numberTree(measure) : undefined
  const written: Written | null =
    mode !== 'text' ? (tree ? { kind, key, tree } : null) : text.trim() ? { kind, key, text } : null
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
  const last = useRef<Promise<unknown>>(Promise.resolve())

  const keep = useCallback(
    async (one: Draft) => {
      if (one.text === '' || title.trim() === '') return
      setOwnKey(key)
      // One after the other: an older one that is on its way must not come after this.
      const sent = last.current.then(() => mutateAsync({ kind, key, step: 'draft', draft: one }))
      last.current = sent.catch(() => undefined)
      try {
        await sent
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
  const isStill = waitingText === JSON.stringify(draft)
  useEffect(() => {
    // What has changed since is never kept: it would go over what somebody has just saved.
    if (!isStill || waitingText === first.current || waitingText === saved) return
    keep(JSON.parse(waitingText) as Draft).catch(() => undefined) // it is shown
  }, [isStill, waitingText, saved, keep])

  const setMode = (next: Mode) => {
    const said = found?.tree
    if (next === 'text') body.set({ ...body.value, mode: next, text: found?.text ?? text })
    else if (next === 'number') body.set({ ...body.value, mode: next, measure: (said && measured(said)) ?? measure })
    else body.set({ ...body.value, mode: next, rows: (said && rowsOf(said)) ?? rows })
  }
  /** Whether what the text says can be shown so. */
  const showsAs = (shown: (tree: Tree) => unknown): boolean =>
    mode !== 'text' || text.trim() === '' || (found?.tree ? shown(found.tree) !== undefined : false)
  return {
    place,
    title,
    setTitle,
    meaning,
    setMeaning,
    mode,
    setMode,
    rows,
    setRows: (next: RuleGroupType) => body.set({ ...body.value, rows: next }),
    measure,
    setMeasure: (next: Measure) => body.set({ ...body.value, measure: next }),
    text,
    setText: (next: string) => body.set({ ...body.value, text: next }),
    undo: body.undo,
    redo: body.redo,
    understood: found,
    hasRows: showsAs(rowsOf),
    hasNumber: kind === 'tag' && showsAs(measured),
    savedAs: saved === null ? '' : t(saved === JSON.stringify(draft) ? 'definitions.saved' : 'definitions.saving'),
    problem,
    save: () => keep(draft),
  }
}

export type Writing = ReturnType<typeof useWriting>

function spoken(before: Draft['title'] | undefined, language: Language, text: string): Draft['title'] {
  return text.trim() === '' ? { ...before } : { ...before, [language]: text.trim() }
}
