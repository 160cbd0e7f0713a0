import { Context, Layer } from "effect"

class Other extends Context.Service<Other, number>()("app/Other") {}

export default Layer.succeed(Other, 1)
