import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'

/** Makes the folder that a setting names, where it is missing. Where it cannot be used, answers a sentence on what to do. */
export const usableFolder = async (setting: string, folder: string): Promise<{ refusal: string } | null> => {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return null
  } catch (failure) {
    const why = failure instanceof Error && 'code' in failure ? String(failure.code) : String(failure)
    return {
      refusal: `${setting}: ${folder} cannot be used (${why}). Name a folder that this process may make or write to.`,
    }
  }
}
