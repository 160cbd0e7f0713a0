export const responder = "not the default"
