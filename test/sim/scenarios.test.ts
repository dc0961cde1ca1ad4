// Every scenario once, small, from a fixed seed; that runs can be replayed; and that a scenario finds what is broken on
// purpose, so that its criteria can fail.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeName } from '../../src/core/messages.ts'
import { SCENARIO_NAMES } from '../../src/sim/measurement.ts'
import type { ScenarioReport } from '../../src/sim/report.ts'
import { replayOf, runScenario, type ScenarioOptions } from '../../src/sim/scenario.ts'
import { SCENARIOS, scenarioOf } from '../../src/sim/scenarios.ts'
import type { Stage } from '../../src/sim/stage.ts'

const NODES = 30
/** What the long ones do in less time here. */
const SHORTER: Readonly<Record<string, ScenarioOptions['parameters']>> = {
  churn: { fraction: 0.4, faultSeconds: 30 },
  'rolling-restart': { faultSeconds: 20 },
  'split-heal': { faultSeconds: 30 },
  'bootstrap-outage': { faultSeconds: 20 },
  'slow-peer': { faultSeconds: 20 },
}

function run(name: string, options: Partial<ScenarioOptions> = {}): ScenarioReport {
  const scenario = scenarioOf(name)
  assert.ok(scenario)
  const parameters = SHORTER[name] ?? {}
  const all = { nodes: NODES, seed: 1, parameters, ...options }
  const report = runScenario(scenario, all)
  if (report.violations.length > 0) console.error(`replay: ${replayOf(scenario, all)}`)
  return report
}

/** Violations as one text, for patterns. */
const textOf = ({ violations }: ScenarioReport): string => violations.map(({ what }) => what).join('\n')

describe('scenarios', () => {
  for (const { name } of SCENARIOS) {
    it(`${name} passes, and reports what it measured`, () => {
      const names = new Set<string>()
      const report = run(name, { observer: { onHandled: (process) => names.add(process.name) } })
      assert.equal(textOf(report), '')
      for (const one of names) assert.match(one, SCENARIO_NAMES)
      const { broadcasts, sends, control, degrees, phases, convergence } = report
      const { measured } = broadcasts
      assert.ok(measured)
      assert.equal(measured.reliability, 1)
      assert.equal(measured.pairs, measured.broadcasts * (report.nodesAtEnd - 1))
      assert.equal(measured.latencyMs.count, measured.pairs)
      assert.ok(measured.rmr.mean < 0.1, `redundancy ${measured.rmr.mean}`)
      assert.ok(measured.lastDeliveryHop >= 2 && measured.lastDeliveryHop <= 8)
      assert.equal(sends.measured?.delivered, sends.measured?.sends)
      assert.ok((sends.measured?.sends ?? 0) > 300)
      assert.ok((control.idle?.bytesPerNodeS ?? 0) > 50 && (control.idle?.bytesPerNodeS ?? 0) < 200)
      assert.equal(
        degrees.reduce((sum, [, nodes]) => sum + nodes, 0),
        report.nodesAtEnd,
      )
      assert.ok(degrees.every(([links]) => links >= 3 && links <= 9))
      assert.ok(convergence.every(({ tookMs }) => tookMs !== undefined))
      for (const [index, { toMs }] of phases.entries()) assert.equal(toMs, phases[index + 1]?.fromMs ?? toMs)
    })
  }

  it('are named as the issue of a user would name them, once each', () => {
    const names = SCENARIOS.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    for (const { name, criteria } of SCENARIOS) {
      assert.match(name, /^[a-z]+(-[a-z]+)*$/)
      assert.ok(criteria.length > 0)
    }
  })
})

describe('a run of a scenario', () => {
  it('gives the same report for the same seed, and another one for another', () => {
    const [first, again, other] = [1, 1, 2].map((seed) => run('mass-crash', { seed }))
    assert.deepEqual(again, first)
    assert.notEqual(other?.steps, first?.steps)
  })

  it('does the same with and without codec', () => {
    const [on, off] = [true, false].map((codec) => run('quiet', { codec }))
    assert.deepEqual([off?.steps, off?.broadcasts, off?.sends], [on?.steps, on?.broadcasts, on?.sends])
  })

  it('says how it can be seen again', () => {
    const scenario = scenarioOf('split-heal')
    assert.ok(scenario)
    const parameters = { fraction: 0.25, faultSeconds: 9 }
    assert.equal(
      replayOf(scenario, { nodes: 50, seed: 7, codec: false, parameters }),
      'npm run -s hearsay -- sim --scenario split-heal --nodes 50 --seed 7 --fraction 0.25 --fault-seconds 9 --no-codec',
    )
  })

  it('split-heal passes with a node that is alone on its side, whose broadcasts fail meanwhile', () => {
    for (const [nodes, fraction] of [
      [3, 0.3],
      [3, 0.7],
      [2, 0.5],
    ] as const) {
      const report = run('split-heal', { nodes, parameters: { fraction, faultSeconds: 30 } })
      assert.equal(textOf(report), '')
      const during = report.broadcasts['during the split']
      assert.ok(during && during.failed > 0 && during.pairs > 0 && during.reliability === 1)
      assert.equal(report.broadcasts.measured?.failed, 0)
    }
  })

  it('duplicate-name passes with as few nodes as it can do with, and whoever of two hears first of the other', () => {
    for (const seed of [2, 7, 9, 15]) {
      for (const nodes of [5, NODES]) {
        const report = run('duplicate-name', { nodes, seed })
        assert.equal(textOf(report), '')
        assert.equal(report.convergence.length, 5, 'all four names were claimed')
      }
    }
  })

  it('slow-peer passes whoever is slow, though the ways that a node knows best may all lead over it', () => {
    for (const seed of [1, 2, 3, 5, 7, 11]) {
      assert.equal(textOf(run('slow-peer', { nodes: 40, seed, codec: false, parameters: {} })), '')
    }
  })

  it('is refused with so few nodes that nothing would happen, or nobody be left', () => {
    for (const [name, nodes, problem] of [
      ['quiet', 1, /needs 2 nodes/],
      ['duplicate-name', 4, /needs 5 nodes/],
      ['slow-peer', 2, /needs 3 nodes/],
      ['mass-crash', 3, /is 2, which leaves 1, and 2 must be left/],
      ['churn', 2, /not one of 2 nodes is replaced/],
    ] as const) {
      assert.throws(() => run(name, { nodes }), { name: 'RangeError', message: problem })
    }
    for (const name of ['mass-crash', 'rolling-restart', 'split-heal', 'slow-peer'])
      assert.throws(() => run(name, { nodes: 4, parameters: { fraction: name === 'slow-peer' ? 0.9 : 0.1 } }))
    for (const { name } of SCENARIOS)
      assert.equal(textOf(run(name, { nodes: 5, parameters: { faultSeconds: 150 } })), '', name)
  })

  it('notes an error in the middle of it as a violation', () => {
    const report = run('quiet', {
      onStage: (stage) =>
        stage.net.medium.queue.plan(500, () => {
          throw new Error('an assertion of a machine')
        }),
    })
    assert.match(textOf(report), /an assertion of a machine/)
  })
})

describe('a scenario finds what is broken on purpose', () => {
  /** From the moment on when some nodes have crashed or the network is split, whichever the scenario does. */
  const atFault = (stage: Stage, act: () => void): void => {
    const { phase } = stage
    stage.phase = (name) => {
      phase.call(stage, name)
      if (name === 'fault') act()
    }
  }
  interface Broken {
    readonly what: string
    readonly name: string
    readonly parameters?: ScenarioOptions['parameters']
    readonly onStage: (stage: Stage) => void
    readonly found: RegExp
  }
  const broken: readonly Broken[] = [
    {
      what: 'nobody can dial any more',
      name: 'mass-crash',
      parameters: { fraction: 0.8 },
      onStage: (stage) => atFault(stage, () => stage.net.failDials(1)),
      found: /the survivors are one component, and reach each other: not within/,
    },
    {
      what: 'dials fail for longer than the split lasts',
      name: 'split-heal',
      onStage: (stage) =>
        atFault(stage, () => {
          stage.net.failDials(1)
          stage.net.medium.queue.plan(45_000, () => stage.net.failDials(0))
        }),
      found: /all directories are equal: took \d+ ms, and may take 10000/,
    },
    {
      what: 'the bootstrap does not come back',
      name: 'bootstrap-outage',
      onStage: (stage) => {
        stage.net.startBootstrap = () => {}
      },
      found: /everybody is registered, and knows everybody: not within/,
    },
    {
      what: 'a node is deaf to broadcasts',
      name: 'quiet',
      onStage: (stage) =>
        stage.net.medium.queue.plan(10_000, () => {
          const { overlay } = stage.node('node7').process
          const handle = overlay.handle.bind(overlay)
          overlay.handle = (input, nowMs) => {
            if (input.type !== 'received') return handle(input, nowMs)
            const messages = input.messages.filter((one) => one.type !== 'gossip' || one.kind !== 'payload')
            return handle({ ...input, messages }, nowMs)
          }
        }),
      found: /broadcasts \(measured\) have not reached everybody.* lacks \d+: node7#1/,
    },
    {
      what: 'broadcasts are told as failed',
      name: 'quiet',
      onStage: (stage) =>
        stage.net.medium.queue.plan(10_000, () => {
          for (const { process } of stage.nodes) {
            const handle = process.overlay.handle.bind(process.overlay)
            process.overlay.handle = (input, nowMs) => {
              if (input.type !== 'broadcast') return handle(input, nowMs)
              const { id } = input
              const notification = { type: 'broadcast-sent', id, neighbors: 0, failure: 'no-route' } as const
              return [{ type: 'notify', notification }]
            }
          }
        }),
      found: /60 of 60 broadcasts \(measured\) were told as failed; the first one is of node/,
    },
    {
      what: 'a node does not acknowledge',
      name: 'quiet',
      onStage: (stage) =>
        stage.net.medium.queue.plan(10_000, () => {
          const { overlay } = stage.node('node7').process
          const handle = overlay.handle.bind(overlay)
          overlay.handle = (input, nowMs) =>
            handle(input, nowMs).filter((one) => one.type !== 'send' || one.message.type !== 'ack')
        }),
      found: /sends \(measured\) are not delivered; .*: expired/,
    },
    {
      what: 'an application is told a message twice',
      name: 'quiet',
      onStage: (stage) => {
        const stop = stage.watch(({ process }, told) => {
          if (told.type !== 'message') return
          stop()
          process.tell(told)
        })
      },
      found: /was handed broadcast \d+ of node\d+#1 twice/,
    },
    {
      what: 'somebody is told as gone who was never away',
      name: 'rolling-restart',
      onStage: (stage) =>
        atFault(stage, () =>
          stage.net.medium.queue.plan(1, () => {
            const [teller, gone] = stage.nodes
            if (!teller || !gone) return
            teller.process.tell({ type: 'peer-leave', name: gone.name as NodeName, reason: 'unreachable' })
          }),
        ),
      found: /tells node\d+ as gone \(unreachable\), which was never away/,
    },
    {
      what: 'a process that was stopped stays',
      name: 'duplicate-name',
      onStage: (stage) => {
        const { leave } = stage.net
        stage.net.leave = (name) => {
          if (!name.endsWith('-twin')) leave.call(stage.net, name)
        }
      },
      found: /one has the name.*: not within/,
    },
    {
      what: 'peers are slow for everybody',
      name: 'slow-peer',
      onStage: (stage) =>
        atFault(stage, () => {
          for (const name of stage.net.names) stage.net.slow(name, 1_000)
        }),
      found: /p90 of broadcasts: \d+\.\d ms before, \d+\.\d ms beside slow peers/,
    },
    {
      what: 'one starts again and again',
      name: 'join-storm',
      onStage: (stage) =>
        stage.often(1_000, () => {
          if (stage.nodes.length < NODES) return
          stage.crash(stage.node('node30'))
          stage.start('node30')
        }),
      found: /nothing has changed for 2 s: not within/,
    },
  ]
  for (const { what, name, parameters = SHORTER[name] ?? {}, onStage, found } of broken) {
    it(`${name}: ${what}`, () => {
      const scenario = scenarioOf(name)
      assert.ok(scenario)
      const report = runScenario(scenario, { nodes: NODES, seed: 1, parameters, onStage })
      assert.match(textOf(report), found)
    })
  }
})
