// @ts-expect-error there is no such file
import { missing } from "./Nowhere.ts"

export default missing
