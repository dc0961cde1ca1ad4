// Topics and filters: what is one, and what matches (MQTT 5.0, section 4.7, with its examples).

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTag, isTopic, isTopicFilter, matchesTopic } from '../../../src/wire/topics.ts'

test('what can be published to and subscribed to', () => {
  for (const topic of [
    'a',
    '/',
    '/a',
    'a/',
    'a//b',
    'sport/tennis/player1',
    'wörter/ü',
    '$sys',
    't'.repeat(128),
  ]) {
    assert.equal(isTopic(topic), true, topic)
    assert.equal(isTopicFilter(topic), true, topic)
  }
  for (const topic of ['', 'a\n', 'a\u0000', '\ud800', 't'.repeat(129), 'ü'.repeat(65)]) {
    assert.equal(isTopic(topic), false, topic)
    assert.equal(isTopicFilter(topic), false, topic)
  }
  for (const filter of ['+', '#', 'a/+', '+/a', 'a/#', '+/+/#', '/+']) {
    assert.equal(isTopic(filter), false, filter)
    assert.equal(isTopicFilter(filter), true, filter)
  }
  for (const wrong of ['a+', 'a/b+', 'a#', 'a/#/b', '#/a', '++', 'a/+b/c']) {
    assert.equal(isTopicFilter(wrong), false, wrong)
  }
})

test('what a filter is for', () => {
  const cases: readonly [filter: string, yes: readonly string[], no: readonly string[]][] = [
    ['a/b', ['a/b'], ['a', 'a/b/c', 'a/B', '/a/b']],
    [
      'sport/tennis/player1/#',
      ['sport/tennis/player1', 'sport/tennis/player1/score/wimbledon'],
      ['sport/tennis'],
    ],
    ['sport/#', ['sport', 'sport/', 'sport/a/b'], ['sports']],
    ['#', ['a', '/', 'a/b/c'], ['$sys', '$sys/a']],
    ['sport/tennis/+', ['sport/tennis/player1', 'sport/tennis/'], ['sport/tennis', 'sport/tennis/p/ranking']],
    ['sport/+', ['sport/'], ['sport']],
    ['+/+', ['/finance', 'a/b'], ['a', 'a/b/c']],
    ['/+', ['/finance'], ['finance']],
    ['+', ['finance', ''], ['/finance', '$sys']],
    ['+/monitor', ['a/monitor'], ['$sys/monitor']],
    ['$sys/#', ['$sys', '$sys/a'], ['sys']],
    ['$sys/+/x', ['$sys/a/x'], ['$sys/x']],
    ['a/+/c/#', ['a/b/c', 'a/b/c/d/e'], ['a/c', 'a/b/d']],
  ]
  for (const [filter, yes, no] of cases) {
    for (const topic of yes) assert.equal(matchesTopic(filter, topic), true, `${filter} ${topic}`)
    for (const topic of no) assert.equal(matchesTopic(filter, topic), false, `${filter} ${topic}`)
  }
})

test('a tag has the syntax of a name', () => {
  assert.ok(isTag('worker') && isTag('v1.2-x_y'))
  assert.ok(!isTag('') && !isTag('a b') && !isTag('-a') && !isTag('x'.repeat(65)))
})
