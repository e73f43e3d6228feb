/** Whether somebody could really see something: half of it, for a second, on a page in front. */

const SEEN_MS = 1_000
const SEEN_SHARE = 0.5

/** Calls back once; the answer stops waiting for it. */
export function whenSeen(element: Element, seen: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isInSight = false
  const judge = () => {
    clearTimeout(timer)
    if (isInSight && document.visibilityState === 'visible') timer = setTimeout(done, SEEN_MS)
  }
  const observer = new IntersectionObserver(
    (entries) => {
      isInSight = (entries[entries.length - 1]?.intersectionRatio ?? 0) >= SEEN_SHARE
      judge()
    },
    { threshold: [SEEN_SHARE] },
  )
  const stop = () => {
    clearTimeout(timer)
    observer.disconnect()
    document.removeEventListener('visibilitychange', judge)
  }
  const done = () => {
    stop()
    seen()
  }
  observer.observe(element)
  document.addEventListener('visibilitychange', judge)
  return stop
}
