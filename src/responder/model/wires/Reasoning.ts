/**
 * Models of OpenAI that reason. They refuse `temperature` and, in chat completions, `max_tokens`;
 * the others refuse `reasoning`.
 */
export const reasons = (model: string): boolean =>
  /^(o\d|gpt-[5-9])/.test(model) && !model.includes("-chat")
