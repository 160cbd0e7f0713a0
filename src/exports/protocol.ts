/** ChatKit's wire: schemas and pure functions, which run in a browser too. */
export * from "../protocol/Actions.ts"
export { applyUpdate } from "../protocol/ApplyUpdate.ts"
export * from "../protocol/Attachments.ts"
export { eventJson } from "../protocol/EventJson.ts"
export * from "../protocol/Events.ts"
export * from "../protocol/Icons.ts"
export * from "../protocol/Items.ts"
export * from "../protocol/ItemUpdates.ts"
export * from "../protocol/Requests.ts"
export * from "../protocol/Sources.ts"
export * from "../protocol/StructuredInputs.ts"
export * from "../protocol/Threads.ts"
export * from "../protocol/widgets/AnyWidget.ts"
export {
  apply as applyWidgetUpdate,
  difference as widgetDifference
} from "../protocol/widgets/Diff.ts"
export { offersAction } from "../protocol/widgets/Offers.ts"
export * as Widgets from "../protocol/widgets/Widgets.ts"
export * from "../protocol/Workflows.ts"
