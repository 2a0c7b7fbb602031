// A function whose new versions take traffic gradually. All but one line is as it is written for CodeDeploy.
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as lambda from 'aws-cdk-lib/aws-lambda';

const app = new App();
const stack = new Stack(app, 'Checkout');
const checkout = new lambda.Function(stack, 'Checkout', {
  runtime: lambda.Runtime.PYTHON_3_13,
  handler: 'index.handler',
  code: lambda.Code.fromInline('def handler(event, context):\n    return "thank you"\n'),
});
const live = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: checkout.currentVersion });
new codedeploy.LambdaDeploymentGroup(stack, 'Deployments', {
  alias: live,
  deploymentConfig: codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
  alarms: [checkout.metricErrors().createAlarm(stack, 'Errors', { threshold: 1, evaluationPeriods: 1 })],
});
new CfnOutput(stack, 'Alias', { value: live.functionArn });

// The macro has Weighbridge shift what CodeDeploy would have shifted.
stack.addTransform('Weighbridge');
