/** One way to call the server: cookies, the CSRF header, and problems as errors. */
import type { LinkKind, OpenedLink, Problem, Session } from './types'

export class ApiProblem extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail ?? problem.title ?? String(status))
    this.name = 'ApiProblem'
  }
}

let csrf: string | null = null
let link: LinkKind | null = null

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** `body` goes as JSON, a file as it is. */
export async function request<T>(method: Method, path: string, body?: unknown): Promise<T> {
  const isFile = body instanceof Blob
  const headers: Record<string, string> = { accept: 'application/json' }
  if (link !== null) headers['x-qianmian-link'] = link
  if (method !== 'GET' && csrf !== null) headers['x-csrf-token'] = csrf
  if (body !== undefined) headers['content-type'] = isFile ? 'text/csv' : 'application/json'
  const response = await sent(path, {
    method,
    headers,
    credentials: 'same-origin',
    ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
  })
  if (!response.ok) throw new ApiProblem(response.status, await problemOf(response))
  return (response.status === 204 ? undefined : await response.json()) as T
}

async function sent(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init)
  } catch {
    throw new ApiProblem(0, {})
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) return {}
  try {
    return (await response.json()) as Problem
  } catch {
    return {}
  }
}

/** Remembers the token that the session's writes must carry. */
export function remembered(session: Session): Session {
  csrf = session.csrf
  return session
}

/** From now on this page asks by its link to a room, also where somebody is signed in. */
export function speakFor(kind: LinkKind): void {
  link = kind
}

/** Remembers the token that the writes of a link must carry. */
export function understood(opened: OpenedLink): OpenedLink {
  csrf = opened.csrf
  return opened
}
