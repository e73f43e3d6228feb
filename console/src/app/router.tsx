import { Button, Result } from 'antd'
import { lazy, Suspense } from 'react'
import { createBrowserRouter, Link, useParams, useRouteError, useSearchParams } from 'react-router'
import { useMay } from '@/api/session'
import type { DefinitionKind } from '@/api/types'
import { useRooms } from '@/features/home/home-api'
import { HomePage } from '@/features/home/home-page'
import { FirstAccountPage } from '@/features/sign-in/first-account-page'
import { JoinPage } from '@/features/sign-in/join-page'
import { RoomsPage } from '@/features/rooms/rooms-page'
import { ViewerDrawer } from '@/features/viewers/viewer-drawer'
import { useTexts } from '@/lib/language'
import { Shell } from './shell'

// Charts and tables are large; a page loads what it shows.
const BoardPage = lazy(async () => ({ default: (await import('@/features/board/board-page')).BoardPage }))
const HealthPage = lazy(async () => ({ default: (await import('@/features/health/health-page')).HealthPage }))
const PeoplePage = lazy(async () => ({ default: (await import('@/features/viewers/people-page')).PeoplePage }))
const ProductsPage = lazy(async () => ({ default: (await import('@/features/products/products-page')).ProductsPage }))
const SettingsPage = lazy(async () => ({ default: (await import('@/features/settings/settings-page')).SettingsPage }))
const SourcesPage = lazy(async () => ({ default: (await import('@/features/sources/sources-page')).SourcesPage }))

const EffectsPage = lazy(async () => ({ default: (await import('@/features/effects/effects-page')).EffectsPage }))
const EffectPage = lazy(async () => ({ default: (await import('@/features/effects/effect-page')).EffectPage }))
const EffectPanel = lazy(async () => ({ default: (await import('@/features/effects/effect-panel')).EffectPanel }))
const ReviewPage = lazy(async () => ({ default: (await import('@/features/review/review-page')).ReviewPage }))
const HostPage = lazy(async () => ({ default: (await import('@/features/host/host-page')).HostPage }))
const HostLinkPage = lazy(async () => ({ default: (await import('@/features/host/link-page')).HostLinkPage }))
const OverlayPage = lazy(async () => ({ default: (await import('@/features/overlay/overlay-page')).OverlayPage }))
const FollowUpsPage = lazy(async () => ({
  default: (await import('@/features/follow-ups/follow-ups-page')).FollowUpsPage,
}))
const StrategiesPage = lazy(async () => ({
  default: (await import('@/features/strategies/strategies-page')).StrategiesPage,
}))
const ApprovalsPage = lazy(async () => ({ default: (await import('@/features/strategies/approvals-page')).ApprovalsPage }))
const StrategyPage = lazy(async () => ({ default: (await import('@/features/strategies/strategy-page')).StrategyPage }))

const DefinitionsPage = lazy(async () => ({
  default: (await import('@/features/definitions/definitions-page')).DefinitionsPage,
}))
const EditorPage = lazy(async () => ({ default: (await import('@/features/definitions/editor-page')).EditorPage }))

/** The list of a kind, a new one, and one that is there. */
const definitionPages = (['tag', 'segment', 'moment'] as const).flatMap((kind) => {
  const folder = `/${kind}s`
  return [
    { path: folder, element: <DefinitionsPage key={kind} kind={kind} /> },
    { path: `${folder}/new`, element: <Editing key={kind} kind={kind} /> },
    { path: `${folder}/:key`, element: <Editing key={kind} kind={kind} /> },
  ]
})

/** The editor, and somebody of its preview. */
function Editing({ kind }: { kind: DefinitionKind }) {
  const [search, setSearch] = useSearchParams()
  const viewer = search.get('viewer')
  return (
    <>
      <EditorPage kind={kind} />
      {viewer !== null && <Somebody viewer={viewer} onClose={() => setSearch({})} />}
    </>
  )
}

/** Somebody of history, in the room that is on air; what is not of a room is the same in each. */
function Somebody({ viewer, onClose }: { viewer: string; onClose: () => void }) {
  const rooms = useRooms().data ?? []
  const room = rooms.find((one) => one.live) ?? rooms[0]
  return room ? <ViewerDrawer room={room.room} viewer={viewer} onClose={onClose} /> : null
}

/** The first page after the sign-in. */
function First() {
  const may = useMay()
  return may('home.read') ? <HomePage /> : <RoomsPage />
}

/** The board of a room, and the viewer whose id stands in the address. */
function Room() {
  const { room = '' } = useParams()
  const [search, setSearch] = useSearchParams()
  const show = (viewer: string | null) =>
    setSearch((before) => {
      const next = new URLSearchParams(before)
      if (viewer === null) next.delete('viewer')
      else next.set('viewer', viewer)
      return next
    })
  return (
    <>
      <BoardPage key={room} room={room} onViewer={show} />
      <ViewerDrawer room={room} viewer={search.get('viewer')} onClose={() => show(null)} />
    </>
  )
}

/** The follow-up desk, and the viewer of a task. */
function FollowUps() {
  const [search, setSearch] = useSearchParams()
  const viewer = search.get('viewer')
  return (
    <>
      <FollowUpsPage isBehind={viewer !== null} onViewer={(room, shown) => setSearch({ room, viewer: shown })} />
      <ViewerDrawer room={search.get('room') ?? ''} viewer={viewer} onClose={() => setSearch({})} />
    </>
  )
}

/** The effect of a strategy, on its page. */
const effectOf = (key: string) => <EffectPanel strategy={key} />

function NotFound() {
  const { t } = useTexts()
  return (
    <Result
      status="404"
      title={t('app.not_found')}
      extra={
        <Link to="/">
          <Button type="primary">{t('app.home')}</Button>
        </Link>
      }
    />
  )
}

function Broken() {
  const { t } = useTexts()
  const error = useRouteError()
  return (
    <Result
      status="error"
      title={t('app.broken')}
      subTitle={String(error)}
      extra={<Button onClick={() => window.location.reload()}>{t('app.reload')}</Button>}
    />
  )
}

export const router = createBrowserRouter([
  { path: '/first', element: <FirstAccountPage />, errorElement: <Broken /> },
  { path: '/join', element: <JoinPage />, errorElement: <Broken /> },
  // Pages of links: no sign-in, no navigation, and on a stream not even a word while they load.
  { path: '/h', element: <Suspense><HostLinkPage /></Suspense>, errorElement: <Broken /> },
  { path: '/overlay', element: <Suspense><OverlayPage /></Suspense>, errorElement: <></> },
  {
    element: <Shell />,
    errorElement: <Broken />,
    children: [
      { path: '/', element: <First /> },
      { path: '/rooms', element: <RoomsPage /> },
      { path: '/rooms/:room', element: <Room /> },
      { path: '/rooms/:room/sessions/:session', element: <ReviewPage /> },
      { path: '/follow-ups', element: <FollowUps /> },
      { path: '/host/:room', element: <HostPage /> },
      ...definitionPages,
      { path: '/approvals', element: <ApprovalsPage /> },
      { path: '/strategies', element: <StrategiesPage /> },
      { path: '/strategies/new', element: <StrategyPage key="new" effectOf={effectOf} /> },
      { path: '/strategies/:key', element: <StrategyPage effectOf={effectOf} /> },
      { path: '/effects', element: <EffectsPage /> },
      { path: '/effects/:key', element: <EffectPage /> },
      { path: '/viewers', element: <PeoplePage /> },
      { path: '/data', element: <HealthPage /> },
      { path: '/sources', element: <SourcesPage /> },
      { path: '/products', element: <ProductsPage /> },
      { path: '/settings', element: <SettingsPage /> },
      { path: '*', element: <NotFound /> },
    ],
  },
])
