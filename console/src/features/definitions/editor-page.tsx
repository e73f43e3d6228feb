import { Skeleton } from 'antd'
import { useParams } from 'react-router'
import { ProblemAlert } from '@/components/problem'
import { useDefinition } from './definitions-api'
import { Editor } from './editor'
import type { PageKind } from './places'
import { TagWizard } from './tag-wizard'

/** A new definition, or one that is there. */
export function EditorPage({ kind }: { kind: PageKind }) {
  const { key = null } = useParams()
  const found = useDefinition(kind, key)
  if (key === null) return kind === 'tag' ? <TagWizard /> : <Editor kind={kind} definition={null} />
  if (found.isError) {
    return (
      <div className="page">
        <ProblemAlert error={found.error} onRetry={() => void found.refetch()} />
      </div>
    )
  }
  if (!found.data) return <Skeleton className="page" active />
  return <Editor key={key} kind={kind} definition={found.data} />
}
