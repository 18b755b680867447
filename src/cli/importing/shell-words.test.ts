import { describe, expect, it } from 'vitest'
import { shellWords } from './shell-words.ts'

describe('shellWords', () => {
  it.each([
    ['cat /run/secrets/key', ['cat', '/run/secrets/key']],
    ['  printf \'%s\' "a b"  ', ['printf', '%s', 'a b']],
    [String.raw`echo a\ b "c\"d" 'e\f'`, ['echo', 'a b', 'c"d', String.raw`e\f`]],
    ['echo $HOME | tee x', ['echo', '$HOME', '|', 'tee', 'x']],
    ["a''b", ['ab']],
    ['', []],
  ])('%s', (text, words) => {
    expect(shellWords(text)).toEqual(words)
  })

  it.each(["echo 'open", 'echo "open', 'echo \\'])('has no words for %s', (text) => {
    expect(shellWords(text)).toBeUndefined()
  })
})
