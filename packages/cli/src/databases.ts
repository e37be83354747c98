import type { Doors } from '@balise/collector/store/placement'
import { openPostgresDoor } from '@balise/collector/store/postgres'

/** The addresses of the databases that sites live on, by name; `home` is the one that knows them all. */
export type Databases = { home: string; [name: string]: string }

/** Opens databases for one act and closes them again, whatever becomes of the act. None is asked before it is needed. */
export const withDoors = async <Result>(
  databases: Databases,
  act: (doors: Doors) => Promise<Result>,
): Promise<Result> => {
  const doors = new Map(
    Object.entries(databases).map(([name, url]) => [
      name,
      openPostgresDoor({
        url,
        connections_max: 2,
        statement_ms_max: 60_000,
        onBreak: ({ message }) => console.error(message),
      }),
    ]),
  )
  try {
    return await act(doors)
  } finally {
    for (const door of doors.values()) await door.close()
  }
}
