export default { respond: "no layer" }
