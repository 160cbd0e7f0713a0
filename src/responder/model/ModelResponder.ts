import { Clock, Context, Effect, Fiber, Layer, Stream } from "effect"
import { LanguageModel, Prompt, type Tool, type Toolkit } from "effect/ai"
import { CurrentUser } from "../../auth/CurrentUser.ts"
import type { ResponseEventInput } from "../../protocol/Events.ts"
import type { UserMessageItem } from "../../protocol/Items.ts"
import { Responder, type ResponderShape } from "../Responder.ts"
import type { MessageTurn, Turn } from "../Turn.ts"
import { type Guardrails, guardedBy } from "./Guardrails.ts"
import {
  promptConverter,
  type PromptConverter,
  promptFrom,
  promptOf
} from "./prompt/ItemsToPrompt.ts"
import { ModelChoice } from "./ModelChoice.ts"
import { inWords, tooSlow, unknownModel, unknownTool } from "./ModelErrors.ts"
import { ModelLimits } from "./ModelLimits.ts"
import { type FirstTool, run } from "./ModelRun.ts"
import type { AnyToolkit, OfTheTurn } from "./ModelTools.ts"
import { type EventConverter, partsToEvents } from "./events/PartsToEvents.ts"
import { openWorkflow } from "./events/ReasoningEvents.ts"
import { titleFor } from "./Titles.ts"
import { Transcriber } from "./Transcriber.ts"
import { usageOf } from "./usage/UsageOf.ts"
import { nothingUsed } from "./usage/Used.ts"

type ForPerson<A> = Effect.Effect<A, unknown, CurrentUser>

export interface ModelResponderOptions<Tools extends Record<string, Tool.Any>> {
  /** The system message: what the model is told to be. */
  readonly instructions?: string | ((turn: Turn) => ForPerson<string>)
  /**
   * Tools with their handlers. One that asks for `CurrentUser` or `CurrentTurn` names it in its
   * `dependencies`: then each call gets that of the person who is talking.
   */
  readonly toolkit?: Toolkit.WithHandler<Tools>
  /** Tools that the page runs: a call ends the answer, and its output begins the next one. */
  readonly clientTools?: ReadonlyArray<Tool.Any>
  /** Names of tools after whose result the model is not asked again. */
  readonly stopAt?: ReadonlyArray<string>
  /** Messages between the instructions and the thread, as what is known of the person. */
  readonly context?: (turn: Turn) => ForPerson<ReadonlyArray<Prompt.MessageEncoded>>
  /** Conversions of items and parts that take the place of the defaults. */
  readonly prompt?: Partial<PromptConverter>
  readonly events?: Partial<EventConverter>
  readonly guardrails?: Guardrails
  readonly temperature?: number
  /** The other operations of the responder: actions, feedback and the like. */
  readonly responder?: Partial<Omit<ResponderShape, "respond">>
}

type Needs<Tools extends Record<string, Tool.Any>> =
  LanguageModel.LanguageModel | Exclude<Tool.HandlerServices<Tools[keyof Tools]>, OfTheTurn>

/**
 * Answers from the model behind `LanguageModel`, with the limits of `ModelLimits` and the models of
 * `ModelChoice`. It shows text, reasoning, citations and pictures as they come, runs tools in
 * rounds, names new threads, counts tokens, and says in words what went wrong.
 */
export const make = <Tools extends Record<string, Tool.Any> = {}>(
  options: ModelResponderOptions<Tools> = {}
): Effect.Effect<ResponderShape, never, Needs<Tools>> =>
  Effect.gen(function* () {
    // Asked for now, so that a missing model is noticed before anybody asks it.
    yield* LanguageModel.LanguageModel
    const services = yield* Effect.context<Needs<Tools>>()
    const limits = yield* ModelLimits
    const choice = yield* ModelChoice
    const transcriber = Context.getOrUndefined(
      services as Context.Context<Transcriber>,
      Transcriber
    )
    const usage = yield* usageOf
    const clientTools = Object.fromEntries(
      (options.clientTools ?? []).map((tool) => [tool.name, tool])
    )
    const toolkit = options.toolkit as AnyToolkit | undefined

    const modelFor = (message: UserMessageItem | undefined) => {
      const chosen = message?.inference_options.model ?? choice.model
      return chosen === choice.model || choice.others.includes(chosen)
        ? Effect.succeed(chosen)
        : Effect.fail(unknownModel)
    }

    const firstToolFor = (message: UserMessageItem | undefined) => {
      const name = message?.inference_options.tool_choice?.id
      const tools = { ...toolkit?.tools, ...clientTools }
      if (name === undefined) return Effect.undefined
      if (Object.hasOwn(tools, name)) return Effect.succeed<FirstTool>({ name, isHosted: false })
      return choice.hostedTools.includes(name)
        ? Effect.succeed<FirstTool>({ name, isHosted: true })
        : Effect.fail(unknownTool)
    }

    const opening = Effect.fnUntraced(function* (turn: Turn) {
      const { context, instructions } = options
      const text = typeof instructions === "function" ? yield* instructions(turn) : instructions
      const messages = context === undefined ? [] : yield* context(turn)
      return yield* promptFrom([
        ...(text === undefined ? [] : [{ role: "system" as const, content: text }]),
        ...messages
      ])
    })

    /** Runs beside the answer, and its failure changes nothing. */
    const naming = Effect.fnUntraced(function* ({ message, thread, updateThread }: MessageTurn) {
      if (message === undefined || choice.title === undefined) return
      if ((yield* thread).title !== undefined) return
      const used = nothingUsed(choice.title)
      const began = yield* Clock.currentTimeMillis
      const title = yield* titleFor(message, used)
      yield* usage.note(used, began)
      if (title === undefined) return
      // The person may have named it meanwhile.
      yield* updateThread((now) => (now.title === undefined ? { ...now, title } : now))
    })

    const answer = Effect.fnUntraced(function* (turn: MessageTurn) {
      const { message } = turn
      yield* usage.refuseIfUsedUp
      const { data: items } = yield* turn.history({ limit: limits.history })
      // After the output of a client tool, the model of the question goes on.
      const asking = message ?? items.find((item) => item.type === "user_message")
      const used = nothingUsed(yield* modelFor(asking))
      const firstTool = yield* firstToolFor(message)
      const parts = partsToEvents(turn, openWorkflow(items), options.events)
      const emit: Turn["emit"] = (...events) =>
        events.some(isVisible)
          ? Effect.flatMap(parts.makeRoom, (before) => turn.emit(...before, ...events))
          : turn.emit(...events)
      const thread = yield* promptOf(promptConverter(turn, options.prompt), items.toReversed())
      const prompt = Prompt.concat(yield* opening(turn), thread)
      const title = yield* Effect.forkScoped(naming(turn))
      const began = yield* Clock.currentTimeMillis
      const { guardrails, stopAt = [], temperature } = options
      return guardedBy({ ...turn, emit }, prompt, parts.shown, guardrails, (turn) =>
        run(
          {
            turn,
            parts,
            toolkit,
            clientTools,
            stopAt,
            firstTool,
            fallback: choice.fallback,
            temperature,
            rounds: limits.rounds,
            turnTokens: limits.turnTokens,
            used,
            outcomes: []
          },
          prompt
        )
      ).pipe(
        // A title that is late costs the person no time.
        Stream.concat(
          Stream.fromEffectDrain(Effect.timeoutOption(Fiber.await(title), "5 seconds"))
        ),
        Stream.interruptWhen(Effect.andThen(Effect.sleep(limits.turn), Effect.fail(tooSlow))),
        Stream.catch((error) => Stream.fromEffect(inWords(error, used.model))),
        Stream.ensuring(usage.note(used, began))
      )
    })

    return Responder.make({
      ...(transcriber === undefined
        ? {}
        : {
            transcribe: (dictation) =>
              Effect.map(transcriber.transcribe(dictation), (text) => ({ text }))
          }),
      ...options.responder,
      respond: (turn) =>
        Stream.unwrap(answer(turn)).pipe(
          Stream.provideService(ModelLimits, limits),
          Stream.provideContext(services)
        )
    })
  })

/** Whether the event shows an item after which reasoning cannot go on. */
const isVisible = (event: ResponseEventInput): boolean =>
  (event.type === "thread.item.added" || event.type === "thread.item.done") &&
  !/hidden|tool_call/.test(event.item.type)

/** A responder that is nothing but the model. */
export const layer = <Tools extends Record<string, Tool.Any> = {}>(
  options: ModelResponderOptions<Tools> = {}
) => Layer.effect(Responder, make(options))
