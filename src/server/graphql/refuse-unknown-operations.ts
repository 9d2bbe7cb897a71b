import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql';

/** A mutation or a subscription where there is none. GraphQL 16 finds out in the execution, and gives it no code. */
export function refuseUnknownOperations(context: ValidationContext): ASTVisitor {
  return {
    OperationDefinition(node) {
      if (context.getSchema().getRootType(node.operation)) return;
      context.reportError(new GraphQLError(`There is no ${node.operation} here: expected a query.`, { nodes: node }));
    },
  };
}
