/** The YAML library's error codes in our own words. Its texts may quote the file and are not used. */
import type { ErrorCode } from 'yaml'
import type { Complaint } from './messages.ts'

interface Words {
  readonly text: string
  readonly hint?: string
}

const WORDS: Readonly<Record<ErrorCode, Words>> = {
  ALIAS_PROPS: { text: 'an alias cannot have an anchor or a tag of its own' },
  BAD_ALIAS: {
    text: 'this alias is not written correctly, or has no anchor above it',
    hint: 'a text that begins with * needs quotes',
  },
  BAD_COLLECTION_TYPE: { text: 'the tag does not fit what follows it' },
  BAD_DIRECTIVE: { text: 'this line is no YAML directive', hint: 'a text that begins with % needs quotes' },
  BAD_DQ_ESCAPE: {
    text: 'this is no escape of a text in double quotes',
    hint: 'use single quotes, or write \\\\ for a backslash',
  },
  BAD_INDENT: { text: 'this line is indented wrongly', hint: 'keys of one mapping begin in one column' },
  BAD_PROP_ORDER: { text: 'anchor and tag stand in the wrong place' },
  BAD_SCALAR_START: { text: 'a text cannot begin with this character', hint: 'put it in quotes' },
  BLOCK_AS_IMPLICIT_KEY: {
    text: 'a mapping begins inside of another one on the same line',
    hint: 'a text with ": " in it needs quotes',
  },
  BLOCK_IN_FLOW: { text: 'an indented block cannot stand inside of { } or [ ]' },
  DUPLICATE_KEY: { text: 'a key stands twice' },
  IMPOSSIBLE: { text: 'this cannot be read as YAML' },
  KEY_OVER_1024_CHARS: { text: 'this key is too long', hint: 'is a quote missing above?' },
  MISSING_CHAR: { text: 'a character is missing: a comma, a colon, a blank, a closing quote or bracket' },
  MULTILINE_IMPLICIT_KEY: { text: 'a key cannot go over several lines', hint: 'is a colon or a quote missing above?' },
  MULTIPLE_ANCHORS: { text: 'a value can have one anchor' },
  MULTIPLE_DOCS: { text: 'the file has more than one YAML document', hint: 'remove everything from the second --- on' },
  MULTIPLE_TAGS: { text: 'a value can have one tag' },
  NON_STRING_KEY: { text: 'a key has to be a text' },
  RESOURCE_EXHAUSTION: { text: 'this is nested too deeply' },
  TAB_AS_INDENT: { text: 'a tab cannot indent', hint: 'use spaces' },
  TAG_RESOLVE_FAILED: {
    text: 'this tag is not known, or its value does not fit it',
    hint: 'a text that begins with ! needs quotes',
  },
  UNEXPECTED_TOKEN: {
    text: 'this is not expected here',
    hint: 'is something missing above, or does a text need quotes?',
  },
}

export function describeSyntaxError(code: ErrorCode): Complaint {
  return { code: 'hub-yaml', ...WORDS[code] }
}
