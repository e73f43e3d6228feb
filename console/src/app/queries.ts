import { QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiProblem } from '@/api/client'

const isOurs = (error: Error): boolean => error instanceof ApiProblem && error.status < 500 && error.status > 0

export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (error instanceof ApiProblem && error.status === 401) {
        void queries.invalidateQueries({ queryKey: ['session'] })
      }
    },
  }),
  defaultOptions: {
    queries: {
      // What the server refuses once it refuses again; what did not arrive is worth another try.
      retry: (failures, error) => !isOurs(error) && failures < 2,
      refetchOnWindowFocus: false,
    },
  },
})
