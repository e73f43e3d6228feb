import { PlusOutlined } from '@ant-design/icons'
import { Button, Empty, Skeleton } from 'antd'
import { useState } from 'react'
import { ProblemAlert } from '@/components/problem'
import { useTexts } from '@/lib/language'
import { CreateSource } from './create-source'
import { SourceCard } from './source-card'
import { useSources } from './sources-api'

export function SourcesPage() {
  const { t } = useTexts()
  const sources = useSources()
  const [isCreating, setCreating] = useState(false)
  // Keys live in this tab's memory only, so that they can be pasted, and are gone with it.
  const [fresh, setFresh] = useState<ReadonlyMap<string, string>>(new Map())
  const remember = (name: string, key: string) => setFresh((before) => new Map(before).set(name, key))
  return (
    <div className="page">
      <header className="page-head">
        <h1>{t('sources.title')}</h1>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setCreating(true)}>
          {t('sources.create.title')}
        </Button>
      </header>
      <p className="quiet">{t('sources.intro')}</p>
      {sources.isError && <ProblemAlert error={sources.error} onRetry={() => void sources.refetch()} />}
      {sources.isPending && <Skeleton active />}
      {sources.data?.length === 0 && (
        <Empty className="panel" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('sources.none')} />
      )}
      <div className="sources">
        {sources.data?.map((source) => (
          <SourceCard
            key={source.name}
            source={source}
            writeKey={fresh.get(source.name) ?? null}
            onWriteKey={(key) => remember(source.name, key)}
          />
        ))}
      </div>
      <CreateSource
        isOpen={isCreating}
        onClose={() => setCreating(false)}
        onCreated={(name, key) => {
          remember(name, key)
          setCreating(false)
        }}
      />
    </div>
  )
}
