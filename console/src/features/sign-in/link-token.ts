import { useFragment } from '@/lib/fragment'

/** The token of a one-time link. */
export function useLinkToken(): string {
  return new URLSearchParams(useFragment()).get('token') ?? ''
}
