import { Button, Input, Popconfirm } from 'antd'
import type { DefinitionDetail } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { useLanguage, useTexts } from '@/lib/language'
import { DistributionPanel } from './distribution-panel'
import { MovementPanel } from './movement-panel'
import { PastVersions } from './past-versions'
import type { PageKind } from './places'
import { PreviewPanel } from './preview-panel'
import { TagHealthPanel } from './tag-health-panel'
import { useEnding } from './use-ending'
import { useWriting } from './use-writing'
import { ConditionsPart, SentencePart, WordsPart } from './writing-parts'

/** Words first, then the conditions; what it means is said anew with every change. */
export function Editor({ kind, definition }: { kind: PageKind; definition: DefinitionDetail | null }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const writing = useWriting(kind, definition)
  const ending = useEnding(kind, writing)
  const { understood, place } = writing
  return (
    <div className="page">
      <header className="page-head">
        <h1>{definition ? words(definition.names) : t(`definitions.create.${kind}`)}</h1>
        <span className="quiet small" role="status">
          {writing.savedAs}
        </span>
      </header>
      <div className="editor">
        <div className="editor-main">
          <Panel title={t('definitions.what')} name="writing">
            <WordsPart writing={writing} />
            <SentencePart kind={kind} writing={writing} />
            <ConditionsPart kind={kind} writing={writing} />
            {ending.problem !== null && <ProblemAlert error={ending.problem} />}
          </Panel>
          <div className="editor-end">
            <Input
              value={ending.why}
              maxLength={500}
              placeholder={t('definitions.why')}
              aria-label={t('definitions.why')}
              onChange={({ target }) => ending.setWhy(target.value)}
            />
            <Button type="primary" disabled={!ending.isGood} loading={ending.isPending} onClick={ending.activate}>
              {t('definitions.activate')}
            </Button>
            {definition?.draft && <Button onClick={ending.drop}>{t('definitions.drop')}</Button>}
            {definition?.now && (
              <Popconfirm
                title={t('definitions.retire_sure')}
                okText={t('definitions.retire')}
                cancelText={t('app.cancel')}
                onConfirm={ending.retire}
              >
                <Button danger>{t('definitions.retire')}</Button>
              </Popconfirm>
            )}
          </div>
          {definition && <PastVersions definition={definition} onRollBack={ending.rollBack} />}
        </div>
        <div className="editor-beside">
          {kind === 'segment' && definition?.now && <MovementPanel segment={definition.key} />}
          {kind === 'tag' && definition?.now && <TagHealthPanel tag={definition.key} />}
          {kind === 'tag' && <DistributionPanel own={place.key} understood={understood} />}
          <PreviewPanel kind={kind} own={place.key} understood={understood} />
        </div>
      </div>
    </div>
  )
}
