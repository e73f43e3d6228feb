import { App, Button, Skeleton } from 'antd'
import { type ReactNode, useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import { useMay } from '@/api/session'
import type { Strategy, StrategyDetail, StrategyVersion } from '@/api/types'
import { ProblemAlert, useProblemText } from '@/components/problem'
import { useLanguage, useTexts } from '@/lib/language'
import { DecisionsPanel } from './decisions-panel'
import { ModeTag } from '@/components/mode-tag'
import { PlaybookGallery } from './playbook-gallery'
import { useDropDraft, useSaveDraft, useStrategy } from './strategies-api'
import { blank, StrategyForm } from './strategy-form'
import { TrialPanel } from './trial-panel'
import { UnderstoodPanel } from './understood-panel'
import { VersionsPanel } from './versions-panel'

interface Props {
  /** What is shown of the effect of a strategy that is there. */
  effectOf: (key: string) => ReactNode
}

/** A new strategy, or one that is there. */
export function StrategyPage({ effectOf }: Props) {
  const { key } = useParams()
  const found = useStrategy(key ?? null)
  if (key === undefined) return <Writing key="new" detail={null} effectOf={effectOf} />
  if (found.isError) return <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
  if (!found.data) return <Skeleton className="page" active />
  const versions = found.data.history.map((one) => `${one.version} ${one.mode}`).join()
  return <Writing key={`${key} ${versions}`} detail={found.data} effectOf={effectOf} />
}

/** The version that is shown: what waits for somebody's approval, else what is written, runs, or ran last. */
export const shownOf = (detail: StrategyDetail | null): StrategyVersion | null =>
  detail === null ? null : (detail.waiting ?? detail.draft ?? detail.now ?? detail.history[0] ?? null)

/** A strategy as the server takes it: what the server counts is left out. */
function written(strategy: Strategy): Strategy {
  const { mode, version, ...rest } = strategy
  void mode
  void version
  return rest
}

function Writing({ detail, effectOf }: { detail: StrategyDetail | null } & Props) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const may = useMay()
  const go = useNavigate()
  const { message } = App.useApp()
  const textOf = useProblemText()
  const first = shownOf(detail)
  const [strategy, setStrategy] = useState<Strategy>(() => written(first?.strategy ?? detail?.of_file ?? blank()))
  const [isWriting, setWriting] = useState(detail === null || (first !== null && first === detail.draft))
  const shown = isWriting ? (detail?.draft ?? first) : first
  const [isChanged, setChanged] = useState(detail === null)
  const [save, drop] = [useSaveDraft(), useDropDraft()]
  const failed = (error: unknown) => void message.error(textOf(error).title)
  const change = (what: Partial<Strategy>) => {
    setStrategy((before) => ({ ...before, ...what }))
    setChanged(true)
  }
  const edit = () => {
    if (detail?.draft) setStrategy(written(detail.draft.strategy))
    setWriting(true)
  }
  const keep = async (): Promise<StrategyVersion | null> => {
    try {
      const kept = await save.mutateAsync(strategy)
      setChanged(false)
      if (detail === null) void go(`/strategies/${encodeURIComponent(strategy.key)}`, { replace: true })
      return kept.draft
    } catch (error) {
      failed(error)
      return null
    }
  }
  const canWrite = may('strategies.write')
  const name = detail ? words(detail.names) : t('strategies.new')
  return (
    <div className="page" data-part="strategy">
      <header className="page-head">
        <h1>
          {name} {shown && <ModeTag mode={isWriting ? 'draft' : shown.mode} />}
        </h1>
        {canWrite && (
          <div className="editor-end">
            {!isWriting && <Button onClick={edit}>{t('strategies.edit')}</Button>}
            {isWriting && detail?.draft && (
              <Button type="text" loading={drop.isPending} onClick={() => drop.mutate(strategy.key, { onError: failed })}>
                {t('strategies.drop_draft')}
              </Button>
            )}
            {isWriting && (
              <Button type="primary" disabled={!isChanged} loading={save.isPending} onClick={() => void keep()}>
                {t('strategies.save')}
              </Button>
            )}
          </div>
        )}
      </header>
      {detail === null && canWrite && <PlaybookGallery onPick={(copy) => change(written(copy))} />}
      <div className="editor">
        <div className="panel">
          <StrategyForm strategy={strategy} isLocked={!isWriting || !canWrite} onChange={change} />
        </div>
        <div className="editor-beside">
          <UnderstoodPanel strategy={strategy} />
          {detail && effectOf(detail.key)}
          {detail && <VersionsPanel detail={detail} isSaved={!isChanged} />}
          {detail && shown && <TrialPanel strategy={detail.key} version={shown.version} isSaved={!isChanged} />}
          {detail && <DecisionsPanel strategy={detail.key} />}
        </div>
      </div>
    </div>
  )
}
