import { App } from 'antd'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { useProblemText } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { useChange } from './definitions-api'
import { listOf, type PageKind } from './places'
import type { Writing } from './use-writing'

/** How writing ends: it holds, it is retired, thrown away, or an old version comes back. */
export function useEnding(kind: PageKind, writing: Writing) {
  const { t } = useTexts()
  const { message } = App.useApp()
  const go = useNavigate()
  const told = useProblemText()
  const change = useChange()
  const [why, setWhy] = useState('')
  const { place, title } = writing

  const done = (text: string) => {
    void message.success(text)
    void go(listOf(kind))
  }
  const activate = async () => {
    try {
      await writing.save()
      await change.mutateAsync({ ...place, step: 'activate', why })
      done(t('definitions.activated', { name: title }))
    } catch (problem) {
      void message.error(told(problem).title)
    }
  }
  const retire = () => change.mutate({ ...place, step: 'retire', why }, { onSuccess: () => done(t('definitions.retired', { name: title })) })
  const drop = () => change.mutate({ ...place, step: 'drop' }, { onSuccess: () => done(t('definitions.dropped')) })
  const rollBack = (version: number) =>
    change.mutate({ ...place, step: 'roll-back', version, why }, { onSuccess: () => done(t('definitions.rolled_back', { n: version })) })
  return {
    why,
    setWhy,
    activate: () => void activate(),
    retire,
    drop,
    rollBack,
    isPending: change.isPending,
    problem: change.isError ? change.error : null,
    isGood: writing.understood?.usable === true && title.trim() !== '',
  }
}
